// A folder of files for one test.
#ifndef TESTS_POLICY_FOLDER_H_
#define TESTS_POLICY_FOLDER_H_

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "gtest/gtest.h"

namespace gate {

// Removed, with all that is in it, at the end.
class Folder {
 public:
  Folder() {
    std::string name = ::testing::TempDir() + "policyXXXXXX";
    path_ = mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string File(const std::string& name) const { return path_ + "/" + name; }
  // Overwrites in place, as `echo >` does. Its path.
  std::string Write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(File(name)).parent_path());
    std::ofstream(File(name), std::ios::binary | std::ios::trunc) << text;
    return File(name);
  }
  // Replaces by renaming, as careful editors do.
  void Replace(const std::string& name, const std::string& text) const {
    std::filesystem::rename(Write(name + "~", text), File(name));
  }

 private:
  std::string path_;
};

}  // namespace gate

#endif  // TESTS_POLICY_FOLDER_H_
