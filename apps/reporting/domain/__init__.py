"""Pictures of what companies do together: values in, coordinates out."""
