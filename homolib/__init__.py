"""homolib: gradient flows of two-homogeneous networks, from small beginnings."""
