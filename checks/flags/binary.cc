#include "checks/flags/binary.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "absl/strings/ascii.h"

namespace gate::flags {
namespace {

using std::string_view_literals::operator""sv;

constexpr size_t kBeginning = 8192;

constexpr std::string_view kSeenOrHeard[] = {
    ".avif", ".bmp", ".eot", ".flac", ".gif",  ".heic", ".icns", ".ico",  ".jpeg", ".jpg",
    ".m4a",  ".mov", ".mp3", ".mp4",  ".ogg",  ".otf",  ".pdf",  ".png",  ".psd",  ".tif",
    ".tiff", ".ttc", ".ttf", ".wav",  ".webm", ".webp", ".woff", ".woff2"};

// How programs begin: ELF, Windows, Mach-O (and Java), WebAssembly, archives of any of them, what
// names its interpreter.
constexpr std::string_view kPrograms[] = {
    "\x7f"
    "ELF"sv,
    "MZ"sv,
    "\xfe\xed\xfa"sv,
    "\xce\xfa\xed\xfe"sv,
    "\xcf\xfa\xed\xfe"sv,
    "\xca\xfe\xba\xbe"sv,
    "\0asm"sv,
    "PK\x03\x04"sv,
    "!<arch>"sv,
    "#!"sv};

}  // namespace

bool IsBinary(std::string_view text) {
  return text.substr(0, kBeginning).find('\0') != std::string_view::npos;
}

bool IsNamedAsPictureOrSound(std::string_view path) {
  const std::string lower = absl::AsciiStrToLower(std::string(path));
  return std::ranges::any_of(kSeenOrHeard,
                             [&](std::string_view end) { return lower.ends_with(end); });
}

bool IsPictureOrSound(std::string_view path, std::string_view text) {
  const auto begins = [&](std::string_view begin) { return text.starts_with(begin); };
  return IsBinary(text) && IsNamedAsPictureOrSound(path) && std::ranges::none_of(kPrograms, begins);
}

}  // namespace gate::flags
