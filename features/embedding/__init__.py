"""Columns computed by a neural network: weights, input, ONNX session.

May import `features.core`, `features.primitives`, `features.errors`.
"""
