// YAML that maps one to one onto a protobuf message, through reflection: a new field needs no
// parsing code. Strict: an unknown field, a wrong type, an unknown enum value or a bad duration is
// an issue with line and column and, where one is near, a suggestion. Every issue of a file is
// reported.
//
// Mapping: a field by its proto name (snake_case) or JSON name (lowerCamelCase); an enum by its
// value's name without the common prefix, in any case ("ENFORCE", "enforce"), or with it; Duration
// as "90s", "1h30m"; Timestamp as RFC 3339 with an offset; map fields as mappings. Anchors and
// aliases work; merge keys, duplicate keys and documents after the first are issues.
#ifndef CHECKS_POLICY_YAML_H_
#define CHECKS_POLICY_YAML_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "google/protobuf/message.h"

namespace gate {

// A problem of a file that a person wrote. Lines and columns count from 1.
struct FileIssue {
  std::string path;
  int line = 0;
  int column = 0;
  std::string field;  // "rules[0].checks.canary.margin"
  std::string message;

  // "payments.yaml:14:5: unknown check "canery"; did you mean "canary"?"
  std::string ToString() const;
};

// Puts issues in the text's order, each once; beyond 100 a last one says that there are more.
void ArrangeIssues(std::vector<FileIssue>& issues);

// Where each field of the message was in the text, by its path: "rules[0].name"; an entry of a map
// is rules[0].match.labels["tier"]. A value is where it begins; one of several lines, where its key
// does. A misspelt field counts as the one that was meant.
struct FieldPlaces {
  struct Place {
    int line = 0;
    int column = 0;
  };
  std::map<std::string, Place, std::less<>> places;

  // The place of the field, or of the nearest parent that has one; 1:1 when there is none.
  Place Find(std::string_view field) const;
};

// Fills `message` from the text. Issues in the text's order; empty when all of it was understood.
// `path` is for the issues only. Text over 1 MiB, or nested over 64 deep, or with aliases that
// expand to more than 100,000 nodes is one issue.
std::vector<FileIssue> ParseYaml(std::string_view path, std::string_view text,
                                 google::protobuf::Message& message, FieldPlaces* places);

// The JSON Schema (draft 2020-12) of the files that ParseYaml takes for a message, for editors:
// descriptions come from the proto comments where `descriptor` carries them. Of several spellings
// that ParseYaml takes it offers one: proto names, and enum values in capitals.
std::string JsonSchema(const google::protobuf::Descriptor& descriptor, std::string_view title);

}  // namespace gate

#endif  // CHECKS_POLICY_YAML_H_
