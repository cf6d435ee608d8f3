// The XML of a report as a tree, and the lines on which its elements stand.
#ifndef CHECKS_QA_JUNIT_DOCUMENT_H_
#define CHECKS_QA_JUNIT_DOCUMENT_H_

#include <optional>
#include <pugixml.hpp>
#include <string>
#include <string_view>

#include "checks/qa/junit.h"

namespace gate::qa {

class JunitDocument {
 public:
  // Reads the text; what is wrong with it, where it is no document of one element.
  std::optional<JunitIssue> Load(std::string_view xml);

  pugi::xml_node root() const { return root_; }
  int LineOf(pugi::xml_node node) const;

 private:
  int LineAt(size_t offset) const;
  std::optional<JunitIssue> FindRoot();

  std::string text_;  // UTF-8
  pugi::xml_document document_;
  pugi::xml_node root_;
};

// The name of an element without its namespace's prefix, in lower case.
std::string LocalName(pugi::xml_node element);

// What a property says: its value, or the text in it.
std::string PropertyValue(pugi::xml_node property);

}  // namespace gate::qa

#endif  // CHECKS_QA_JUNIT_DOCUMENT_H_
