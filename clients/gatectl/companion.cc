#include "clients/gatectl/companion.h"

#include <unistd.h>

#include <filesystem>

namespace gate::ctl {

std::string CompanionProgram(const std::string& name) {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return name;
  const std::string beside = (self.parent_path() / name).string();
  return access(beside.c_str(), X_OK) == 0 ? beside : name;
}

}  // namespace gate::ctl
