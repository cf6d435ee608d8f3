#include <array>

#include "checks/render/render.h"

namespace gate::render {
namespace {

constexpr std::array<const Format*, 9> kFormats = {&kGithubFormat, &kGitlabFormat, &kJsonFormat,
                                                   &kJsonlFormat,  &kJunitFormat,  &kMarkdownFormat,
                                                   &kSarifFormat,  &kTableFormat,  &kYamlFormat};

}  // namespace

std::span<const Format* const> AllFormats() { return kFormats; }

const Format* FindFormat(std::string_view name) {
  for (const Format* format : kFormats) {
    if (format->name == name) return format;
  }
  return nullptr;
}

}  // namespace gate::render
