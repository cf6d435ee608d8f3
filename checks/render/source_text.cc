#include "checks/render/source_text.h"

#include <utility>

namespace gate::render {

SourceText::SourceText(std::string text) : text_(std::move(text)), starts_{0} {
  for (size_t at = text_.find('\n'); at != std::string::npos; at = text_.find('\n', at + 1)) {
    starts_.push_back(at + 1);
  }
}

std::string_view SourceText::Line(int number) const {
  const size_t index = static_cast<size_t>(number) - 1;
  const size_t start = starts_[index];
  const size_t end = index + 1 < starts_.size() ? starts_[index + 1] - 1 : text_.size();
  std::string_view line = std::string_view(text_).substr(start, end - start);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

}  // namespace gate::render
