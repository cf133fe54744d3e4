"""Results as files without code: values as JSON and npy arrays, in a zip that proves to be whole."""
