"""What a user gives -> point tensors."""
