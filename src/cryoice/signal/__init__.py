"""Pure signal processing: tensors in, tensors out."""
