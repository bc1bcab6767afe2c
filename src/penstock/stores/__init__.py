"""Object stores behind one small protocol, and content-addressed objects on top."""
