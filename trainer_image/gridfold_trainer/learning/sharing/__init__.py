"""Work that cells share: what is computed once for several of them, without changing one bit of one score."""
