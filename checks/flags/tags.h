// Reads markup with the tags of Django's and Jinja's templates: {% if x %}, {{ x }}, {# x #}.
#ifndef CHECKS_FLAGS_TAGS_H_
#define CHECKS_FLAGS_TAGS_H_

#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "checks/flags/template.h"

namespace gate::flags {

// Whose templates they are. Where nobody knows, a text is only read if both mean the same by it.
enum class TagDialect { kJinja, kEither };

// Names of fields in the tree.
std::span<const std::string_view> TagFields();

// The tree of a template. UNIMPLEMENTED, with the reason and the line, for one in which something
// is not understood: a tag that is not built in, brackets or quotes that are not closed.
// `own_tags` are those of the project that ask for a flag, as {% flag "x" %} does.
absl::StatusOr<Part> ReadTags(std::string_view text, TagDialect dialect,
                              std::span<const std::string> own_tags);

}  // namespace gate::flags

#endif  // CHECKS_FLAGS_TAGS_H_
