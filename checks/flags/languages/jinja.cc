// Templates of Jinja, by their names.
#include <span>
#include <string>
#include <string_view>

#include "checks/flags/language.h"
#include "checks/flags/tags.h"

namespace gate::flags {
namespace {

constexpr std::string_view kExtensions[] = {".jinja", ".jinja2", ".j2"};

absl::StatusOr<Part> Read(std::string_view text, std::span<const std::string> own_tags) {
  return ReadTags(text, TagDialect::kJinja, own_tags);
}

}  // namespace

extern const Language kLanguage_jinja;
const Language kLanguage_jinja = {
    .name = "Jinja",
    .extensions = kExtensions,
    .read = Read,
    .fields = TagFields(),
    .imports_run = true,
    .is_shown = true,
    .may_be_missing = true,
};

}  // namespace gate::flags
