// A file's text with the places of its lines, so that each of a thousand findings in a large file
// finds its own without reading from the start.
#ifndef CHECKS_RENDER_SOURCE_TEXT_H_
#define CHECKS_RENDER_SOURCE_TEXT_H_

#include <string>
#include <string_view>
#include <vector>

namespace gate::render {

// Any bytes. Immutable, but for assignment.
class SourceText {
 public:
  SourceText() : SourceText(std::string()) {}
  // Implicit: a text is what it is made of.
  SourceText(std::string text);  // NOLINT(google-explicit-constructor)

  // A line (one-based, at most lines()) without its end, "\n" or "\r\n".
  std::string_view Line(int number) const;
  // A text that ends with a line feed has an empty line after it, as in an editor.
  int lines() const { return static_cast<int>(starts_.size()); }

 private:
  std::string text_;
  std::vector<size_t> starts_;
};

}  // namespace gate::render

#endif  // CHECKS_RENDER_SOURCE_TEXT_H_
