// Included before tree-sitter-swift's scanner.c, whose state is allocated with room for none of it,
// and then read (alex-pinkus/tree-sitter-swift#554; no release has the repair).
#include <stdlib.h>

#define calloc(count, size) calloc((count) == 0 ? 1 : (count), size)
