#include "clients/gatectl/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "checks/policy/fields.h"
#include "checks/policy/yaml.h"
#include "google/protobuf/util/json_util.h"
#include "nlohmann/json.hpp"

namespace gate::ctl {
namespace {

constexpr size_t kLargestFile = 64 << 20;

Problem Unreadable(const std::string& path, std::string cause) {
  Problem problem{"E0202", absl::StrCat("cannot read ", path), {}, "", "", {}};
  problem.causes.push_back(std::move(cause));
  return problem;
}

// Reads to the end. False with errno set, or with errno EFBIG where it is too large.
bool ReadAll(int descriptor, std::string& text) {
  char buffer[65536];
  for (;;) {
    const ssize_t size = read(descriptor, buffer, sizeof buffer);
    if (size == 0) return true;
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return false;
    text.append(buffer, size);
    if (text.size() > kLargestFile) {
      errno = EFBIG;
      return false;
    }
  }
}

bool WriteAll(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t size = write(descriptor, text.data(), text.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

Problem Unwritable(const std::string& path, int error) {
  return {"E0102", absl::StrCat("cannot write ", path), {std::strerror(error)}, "", "", {}};
}

using google::protobuf::FieldDescriptor;

void SpellOut(nlohmann::json& value, const google::protobuf::Descriptor& type);

// One value of a field: the words of enums as a whole, infinity as protobuf writes it.
void SpellOutValue(nlohmann::json& value, const FieldDescriptor& field) {
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    SpellOut(value, *field.message_type());
  } else if (value.is_string() && field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
    const auto& text = value.get_ref<const std::string&>();
    for (int i = 0; i < field.enum_type()->value_count(); ++i) {
      const auto& word = *field.enum_type()->value(i);
      if (ShortName(word) != text) continue;
      value = word.name();
      return;
    }
  } else if (value == "+Inf") {
    value = "Infinity";
  }
}

void SpellOut(nlohmann::json& value, const google::protobuf::Descriptor& type) {
  if (!value.is_object()) return;
  for (auto& [name, part] : value.items()) {
    const FieldDescriptor* field = FindField(type, name);
    if (field == nullptr) continue;  // The parser says so.
    if (field->is_map() && part.is_object()) {
      for (auto& [key, entry] : part.items()) {
        SpellOutValue(entry, *field->message_type()->map_value());
      }
    } else if (field->is_repeated() && part.is_array()) {
      for (auto& entry : part) SpellOutValue(entry, *field);
    } else {
      SpellOutValue(part, *field);
    }
  }
}

}  // namespace

Problem WrongFile(const std::string& path, std::vector<std::string> causes) {
  return {"E0203",
          absl::StrCat(path == "-" ? "standard input" : path, " is wrong"),
          std::move(causes),
          "",
          "",
          {}};
}

Or<std::string> ReadFile(const std::string& path) {
  std::string text;
  if (path == "-") {
    if (!ReadAll(STDIN_FILENO, text)) return Unreadable("standard input", std::strerror(errno));
    return text;
  }
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return Unreadable(path, std::strerror(errno));
  const bool read = ReadAll(descriptor, text);
  const int error = errno;
  close(descriptor);
  if (!read) return Unreadable(path, std::strerror(error));
  return text;
}

Or<bool> WriteFile(const std::string& path, std::string_view text, int mode) {
  // Devices and pipes (/dev/stderr, a named pipe) are written to as they are.
  struct stat status {};
  const bool special = stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
  const std::string target = special ? path : absl::StrCat(path, ".", getpid(), ".new");
  const int flags = O_WRONLY | O_CLOEXEC | (special ? 0 : O_CREAT | O_TRUNC);
  const int descriptor = open(target.c_str(), flags, mode);
  if (descriptor < 0) return Unwritable(path, errno);
  const bool written = WriteAll(descriptor, text);
  const int error = errno;
  const bool closed = close(descriptor) == 0;
  if (!written || !closed) {
    if (!special) unlink(target.c_str());
    return Unwritable(path, written ? errno : error);
  }
  if (!special && rename(target.c_str(), path.c_str()) != 0) {
    const int rename_error = errno;
    unlink(target.c_str());
    return Unwritable(path, rename_error);
  }
  return true;
}

Or<bool> ParseFile(const std::string& path, std::string_view text,
                   google::protobuf::Message& message) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && text[first] == '{') {
    std::string whole;
    try {
      nlohmann::json value = nlohmann::json::parse(text);
      SpellOut(value, *message.GetDescriptor());
      whole = value.dump();
    } catch (const nlohmann::json::exception& error) {
      std::string cause = error.what();  // "[json.exception.parse_error.101] parse error at ..."
      cause.erase(0, cause.find("] ") == std::string::npos ? 0 : cause.find("] ") + 2);
      return WrongFile(path, {std::move(cause)});
    }
    const auto status = google::protobuf::util::JsonStringToMessage(whole, &message);
    if (status.ok()) return true;
    return WrongFile(path, {std::string(status.message())});
  }
  std::vector<std::string> causes;
  for (const FileIssue& issue : ParseYaml(path, text, message, nullptr)) {
    causes.push_back(issue.ToString());
  }
  if (causes.empty()) return true;
  return WrongFile(path, std::move(causes));
}

std::string RelativeTo(const std::string& folder, const std::string& path) {
  if (path.empty()) return path;
  return (std::filesystem::path(folder) / path).lexically_normal().string();
}

}  // namespace gate::ctl
