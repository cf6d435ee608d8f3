// Files that are no text: pictures, fonts, sound. Nobody asks whether those are behind a flag; what
// else is in binary form may run.
#ifndef CHECKS_FLAGS_BINARY_H_
#define CHECKS_FLAGS_BINARY_H_

#include <string_view>

namespace gate::flags {

// Whether there is a NUL in the first 8 kB.
bool IsBinary(std::string_view text);

// Whether a file is to be seen or heard, by its name.
bool IsNamedAsPictureOrSound(std::string_view path);

// Whether a binary file only is to be seen or heard, by its name, and does not begin as a program
// does.
bool IsPictureOrSound(std::string_view path, std::string_view text);

}  // namespace gate::flags

#endif  // CHECKS_FLAGS_BINARY_H_
