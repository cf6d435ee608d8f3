// Any bytes as a file of each migration tool: its parts lie in the text, in order, and no byte goes
// up and down.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "checks/migration/formats.h"

namespace {

using gate::migration::Section;

void CheckSections(const std::vector<Section>& sections, size_t size) {
  uint32_t at = 0;
  for (const Section& section : sections) {
    if (section.span.begin < at || section.span.begin > section.span.end) std::abort();
    at = section.span.end;
  }
  if (at > size) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const std::string_view text = gate::migration::WithoutByteOrderMark(bytes);
  if (gate::migration::FindFlaw(text)) return 0;
  // The first line may be a name as well.
  const std::string name = bytes.substr(0, bytes.find('\n'));
  for (const std::string& path : {std::string("1_a.sql"), std::string("a.down.sql"),
                                  std::string("V1__a.sql"), "db/" + name, name}) {
    for (int format = 0; gate::v1::MigrationFormat_IsValid(format); ++format) {
      gate::v1::MigrationFile file;
      file.set_path(path);
      file.set_sql(bytes);
      file.set_format(static_cast<gate::v1::MigrationFormat>(format));
      const std::vector<Section> up = gate::migration::UpSections(file, text);
      CheckSections(up, text.size());
      const gate::migration::DownPart down = gate::migration::DownPartOf(file);
      for (const Section& section : down.sections) {
        if (section.span.begin > section.span.end || section.span.end > down.text.size()) {
          std::abort();
        }
      }
    }
    if (gate::migration::Undoes(path, path)) std::abort();
  }
  return 0;
}
