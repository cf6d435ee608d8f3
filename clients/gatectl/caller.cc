#include "clients/gatectl/caller.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/repeated_field.h"

namespace gate::ctl {
namespace {

std::string Names(const google::protobuf::RepeatedPtrField<std::string>& names, const char* all) {
  return names.empty() ? all : absl::StrJoin(names, ", ");
}

}  // namespace

std::string SubjectText(const v1::Caller& caller) {
  return caller.subject() +
         (caller.proven() ? "" : " (not proven: this gate asks nobody who they are)");
}

std::vector<std::string> AccessLines(const v1::Caller& caller) {
  std::vector<std::string> lines;
  for (const v1::AccessRule& rule : caller.access()) {
    lines.push_back(absl::StrCat(v1::Role_Name(rule.role()).substr(sizeof("ROLE_") - 1), " of ",
                                 Names(rule.services(), "all services"), " in ",
                                 Names(rule.environments(), "all environments")));
  }
  return lines;
}

}  // namespace gate::ctl
