"""Falaj: model-serving platforms for UAE enterprises, built with Pulumi and Python."""
