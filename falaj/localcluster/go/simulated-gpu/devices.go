package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
)

// Devices is all that a node has.
type Devices struct {
	Node      string     `json:"node"`
	GPUs      []GPU      `json:"gpus"`
	Resources []Resource `json:"resources"`
}

// GPU is one card, whole or cut into instances.
type GPU struct {
	UUID       string     `json:"uuid"`
	Index      int        `json:"index"`
	Model      string     `json:"model"`
	PCIBusID   string     `json:"pci_bus_id"`
	MemoryMiB  int        `json:"memory"`
	IdleWatts  float64    `json:"idle_watts"`
	LimitWatts float64    `json:"limit_watts"`
	Instances  []Instance `json:"instances"`
}

// Instance is a MIG slice of a card.
type Instance struct {
	UUID      string `json:"uuid"`
	ID        int    `json:"id"`
	Profile   string `json:"profile"`
	MemoryMiB int    `json:"memory"`
}

// Resource is a name that pods ask for, and what each unit of it is.
type Resource struct {
	Name  string `json:"name"`
	Units []Unit `json:"units"`
}

// Unit is what one pod gets when it asks for one. Several units of one device are a device shared in time.
type Unit struct {
	ID   string `json:"id"`
	UUID string `json:"uuid"`
	GPU  string `json:"gpu"`
	File string `json:"file"`
}

// Condition is how a device is, by its UUID: what tests and demonstrations set.
type Condition struct {
	Utilisation   int `json:"utilisation"`
	MemoryUsedMiB int `json:"memory_used"`
	XID           int `json:"xid"`
}

// applicationErrors are errors of a program, after which the GPU itself is well. NVIDIA's plugin passes over the same
// ones. Source: https://github.com/NVIDIA/k8s-device-plugin/blob/main/internal/rm/health.go
var applicationErrors = map[int]bool{13: true, 31: true, 43: true, 45: true, 68: true, 109: true}

func (c Condition) healthy() bool {
	return c.XID == 0 || applicationErrors[c.XID]
}

func readDevices(path string) (*Devices, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	devices := &Devices{}
	if err := json.Unmarshal(content, devices); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return devices, nil
}

func readConditions(path string) (map[string]Condition, error) {
	conditions := map[string]Condition{}
	content, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return conditions, nil
	}
	if err == nil {
		err = json.Unmarshal(content, &conditions)
	}
	return conditions, err
}

// deviceOf is the UUID of the device that a unit of this id belongs to.
func deviceOf(unit string) string {
	uuid, _, _ := strings.Cut(unit, "::")
	return uuid
}
