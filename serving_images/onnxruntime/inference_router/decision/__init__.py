"""Which side a request goes to. Pure: knows no clock, no socket and no metric; what it is told, it decides on."""
