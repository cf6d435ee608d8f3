#include "checks/migration/sql/text.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_format.h"

namespace gate::migration {
namespace {

constexpr uint32_t kBlock = 1024;

unsigned char Byte(std::string_view text, size_t i) { return static_cast<unsigned char>(text[i]); }

bool Continues(unsigned char byte) { return (byte & 0xC0) == 0x80; }

uint32_t CountCodePoints(std::string_view text) {
  return static_cast<uint32_t>(
      std::count_if(text.begin(), text.end(), [](unsigned char byte) { return !Continues(byte); }));
}

// Length of the well-formed sequence at `i` (Unicode 15, table 3-7), 0 where there is none.
size_t SequenceLength(std::string_view text, size_t i) {
  const unsigned char lead = Byte(text, i);
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  const size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (text.size() - i < length) return 0;
  unsigned char low = 0x80, high = 0xBF;
  if (lead == 0xE0) low = 0xA0;   // overlong
  if (lead == 0xED) high = 0x9F;  // surrogates
  if (lead == 0xF0) low = 0x90;   // overlong
  if (lead == 0xF4) high = 0x8F;  // above U+10FFFF
  if (Byte(text, i + 1) < low || Byte(text, i + 1) > high) return 0;
  for (size_t k = 2; k < length; ++k) {
    if (!Continues(Byte(text, i + k))) return 0;
  }
  return length;
}

}  // namespace

std::string_view WithoutByteOrderMark(std::string_view text) {
  if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
  return text;
}

std::optional<TextFlaw> FindFlaw(std::string_view text) {
  if (text.size() > kMaxTextBytes) {
    return TextFlaw{
        absl::StrFormat("the file has %d bytes; at most %d are read", text.size(), kMaxTextBytes),
        0};
  }
  for (size_t i = 0; i < text.size();) {
    if (text[i] == '\0') {
      return TextFlaw{"the file has a NUL byte (is it UTF-16, or not a text at all?)",
                      static_cast<uint32_t>(i)};
    }
    const size_t length = SequenceLength(text, i);
    if (length == 0) {
      return TextFlaw{absl::StrFormat("byte 0x%02X is not UTF-8 (is the file in another encoding?)",
                                      Byte(text, i)),
                      static_cast<uint32_t>(i)};
    }
    i += length;
  }
  return std::nullopt;
}

Places::Places(std::string_view text) : text_(text) {
  lines_.push_back(0);
  for (size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) {
    lines_.push_back(static_cast<uint32_t>(at + 1));
  }
  uint32_t count = 0;
  for (size_t at = 0; at <= text.size(); at += kBlock) {
    blocks_.push_back(count);
    count += CountCodePoints(text.substr(at, kBlock));
  }
}

uint32_t Places::CodePointsBefore(uint32_t offset) const {
  const uint32_t block = offset / kBlock;
  return blocks_[block] + CountCodePoints(text_.substr(block * kBlock, offset % kBlock));
}

Places::Place Places::At(uint32_t offset) const {
  offset = std::min(offset, static_cast<uint32_t>(text_.size()));
  const auto next = std::upper_bound(lines_.begin(), lines_.end(), offset);
  const uint32_t start = *(next - 1);
  return {static_cast<int32_t>(next - lines_.begin()),
          static_cast<int32_t>(CodePointsBefore(offset) - CodePointsBefore(start) + 1)};
}

}  // namespace gate::migration
