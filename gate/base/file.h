// Files that people wrote: read whole, with a bound.
#ifndef GATE_BASE_FILE_H_
#define GATE_BASE_FILE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace gate {

// The content of a regular file (or what a symbolic link leads to). NOT_FOUND, PERMISSION_DENIED,
// FAILED_PRECONDITION (a folder, a device, over `max_bytes`) or UNAVAILABLE; the message reads as
// the end of a sentence about the file: "cannot be read: No such file or directory".
absl::StatusOr<std::string> ReadFile(const std::string& path, size_t max_bytes);

// `file` as it is named in the file `from`: relative to its folder unless absolute.
std::string ResolvePath(const std::string& from, const std::string& file);

// What tells whether a file is the one that it was, behind all symbolic links. The time of the last
// change of the inode sees what the time of the last write can hide.
std::string FileState(const std::vector<std::string>& files);

}  // namespace gate

#endif  // GATE_BASE_FILE_H_
