// Reading and writing files, with problems that say which.
#ifndef CLIENTS_GATECTL_FILES_H_
#define CLIENTS_GATECTL_FILES_H_

#include <string>
#include <string_view>
#include <vector>

#include "clients/gatectl/problem.h"
#include "google/protobuf/message.h"

namespace gate::ctl {

// The whole file; "-" is standard input. Folders, missing files and files over 64 MiB are problems.
Or<std::string> ReadFile(const std::string& path);

// Writes the file whole, or leaves what was there: a new file takes the old one's place.
Or<bool> WriteFile(const std::string& path, std::string_view text, int mode = 0644);

// The problem of a file that was read and cannot be used, with every reason.
Problem WrongFile(const std::string& path, std::vector<std::string> causes);

// A file that is a message in YAML or, where it begins with "{", in JSON, with the words of enums
// short or whole. Strict: every issue is a cause of the problem.
Or<bool> ParseFile(const std::string& path, std::string_view text,
                   google::protobuf::Message& message);

// `path` as it is meant in a file that lies in `folder`.
std::string RelativeTo(const std::string& folder, const std::string& path);

}  // namespace gate::ctl

#endif  // CLIENTS_GATECTL_FILES_H_
