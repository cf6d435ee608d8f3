// HTML with tags of Django's templates, or of Jinja's, which are often called the same.
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "checks/flags/language.h"
#include "checks/flags/tags.h"

namespace gate::flags {
namespace {

constexpr std::string_view kExtensions[] = {".html", ".htm", ".djhtml"};

// Without a tag it may be a template of anything else.
absl::StatusOr<Part> Read(std::string_view text, std::span<const std::string> own_tags) {
  const bool blank = text.find_first_not_of(" \t\r\n") == text.npos;
  if (!blank && text.find("{%") == text.npos) {
    return absl::UnimplementedError("there is no grammar for this language");
  }
  return ReadTags(text, TagDialect::kEither, own_tags);
}

}  // namespace

extern const Language kLanguage_django;
const Language kLanguage_django = {
    .name = "Django",
    .extensions = kExtensions,
    .read = Read,
    .fields = TagFields(),
    .imports_run = true,
    .is_shown = true,
    .may_be_missing = true,
};

}  // namespace gate::flags
