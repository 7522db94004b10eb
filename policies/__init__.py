"""The policy pack: UAE law and good practice as checks on a plan, each with its own proof.

Refuses nothing by itself: `evaluator.evaluate` judges plain resources, `adapter` does so for a Pulumi engine.
"""
