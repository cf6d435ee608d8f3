#include "checks/qa/junit_document.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "checks/qa/junit_text.h"
#include "checks/render/utf8.h"

namespace gate::qa {
namespace {

// Bounds what the tree takes: a tag of four bytes becomes a node of seventy. Text may hold some.
constexpr ptrdiff_t kMaxTags = 4'000'000;

// Entities stand for what they name, line ends are one; a DOCTYPE and text outside of the root are
// seen, so that they can be refused.
constexpr unsigned kParse = pugi::parse_default | pugi::parse_doctype | pugi::parse_fragment;

bool IsWide(std::string_view xml) {
  return xml.starts_with("\xFE\xFF") || xml.starts_with("\xFF\xFE") ||
         xml.substr(0, 4).find('\0') != xml.npos;
}

// The encoding that the declaration names, in lower case; empty where it names none.
std::string DeclaredEncoding(std::string_view xml) {
  if (!xml.starts_with("<?xml")) return "";
  std::string_view declaration = xml.substr(0, xml.find("?>"));
  const size_t at = declaration.find("encoding");
  if (at == declaration.npos) return "";
  declaration.remove_prefix(at);
  const size_t open = declaration.find_first_of("\"'");
  if (open == declaration.npos) return "";
  const size_t close = declaration.find(declaration[open], open + 1);
  if (close == declaration.npos) return "";
  return absl::AsciiStrToLower(std::string(declaration.substr(open + 1, close - open - 1)));
}

// Latin-1, and what Windows calls so.
bool IsLatin1(std::string_view encoding) {
  return encoding == "iso-8859-1" || encoding == "latin1" || encoding == "latin-1" ||
         encoding == "windows-1252" || encoding == "cp1252";
}

std::string Latin1ToUtf8(std::string_view text) {
  std::string utf8;
  utf8.reserve(text.size() + text.size() / 16);
  for (const unsigned char c : text) render::AppendUtf8(c, utf8);
  return utf8;
}

}  // namespace

std::optional<JunitIssue> JunitDocument::Load(std::string_view xml) {
  if (xml.size() > kMaxJunitBytes) {
    return JunitIssue{0, absl::StrCat("has ", xml.size() >> 20, " MiB; at most ",
                                      kMaxJunitBytes >> 20, " MiB are read")};
  }
  if (IsWide(xml)) return JunitIssue{1, "is UTF-16 or UTF-32: write it as UTF-8"};
  if (xml.starts_with("\xEF\xBB\xBF")) xml.remove_prefix(3);
  if (absl::StripAsciiWhitespace(absl::string_view(xml.data(), xml.size())).empty()) {
    return JunitIssue{0, "is empty: the test run did not get as far as writing its report"};
  }
  text_ = IsLatin1(DeclaredEncoding(xml)) ? Latin1ToUtf8(xml) : std::string(xml);
  if (const size_t nul = text_.find('\0'); nul != text_.npos) {
    return JunitIssue{LineAt(nul), "holds a NUL byte: the report is damaged"};
  }
  if (std::ranges::count(text_, '<') > kMaxTags) {
    return JunitIssue{0, absl::StrCat("has more than ", kMaxTags, " tags")};
  }
  const pugi::xml_parse_result parsed =
      document_.load_buffer(text_.data(), text_.size(), kParse, pugi::encoding_utf8);
  if (!parsed) {
    return JunitIssue{LineAt(static_cast<size_t>(std::max<ptrdiff_t>(parsed.offset, 0))),
                      absl::StrCat("is not well-formed XML: ", parsed.description(),
                                   "; was the report written to its end?")};
  }
  return FindRoot();
}

std::optional<JunitIssue> JunitDocument::FindRoot() {
  for (const pugi::xml_node node : document_.children()) {
    switch (node.type()) {
      case pugi::node_doctype:
        return JunitIssue{LineOf(node), "has a DOCTYPE, which no test report needs: it is refused"};
      case pugi::node_element:
        if (root_) {
          return JunitIssue{LineOf(node), absl::StrCat("a second report begins here, <",
                                                       CleanText(node.name(), 64),
                                                       ">: report each file by itself")};
        }
        root_ = node;
        break;
      case pugi::node_pcdata:
      case pugi::node_cdata:
        return JunitIssue{LineOf(node),
                          "there is text outside of the report's element: is it XML?"};
      default:
        break;
    }
  }
  if (!root_) return JunitIssue{0, "holds no element: is it XML?"};
  const std::string name = LocalName(root_);
  if (name == "testsuites" || name == "testsuite") return std::nullopt;
  return JunitIssue{LineOf(root_),
                    absl::StrCat("the report's element is <", CleanText(root_.name(), 64),
                                 ">, not <testsuites> or <testsuite>: it is not JUnit XML (NUnit, "
                                 "xUnit and TRX reports can be converted)")};
}

int JunitDocument::LineOf(pugi::xml_node node) const {
  const ptrdiff_t offset = node.offset_debug();
  return offset < 0 ? 0 : LineAt(static_cast<size_t>(offset));
}

int JunitDocument::LineAt(size_t offset) const {
  const auto end = text_.begin() + static_cast<ptrdiff_t>(std::min(offset, text_.size()));
  return 1 + static_cast<int>(std::count(text_.begin(), end, '\n'));
}

std::string LocalName(pugi::xml_node element) {
  std::string_view name = element.name();
  name.remove_prefix(name.rfind(':') + 1);  // npos + 1 is 0
  return absl::AsciiStrToLower(absl::string_view(name.data(), name.size()));
}

std::string PropertyValue(pugi::xml_node property) {
  const pugi::xml_attribute value = property.attribute("value");
  return value ? value.value() : property.child_value();
}

}  // namespace gate::qa
