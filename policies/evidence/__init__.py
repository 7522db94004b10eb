"""The record of one judgement: one signed document, and renderings of it for people and for other tools."""
