#include "checks/flags/languages/ruby.h"

#include "checks/flags/language.h"

namespace gate::flags {
namespace {
constexpr std::string_view kExtensions[] = {".rb", ".rake"};
}  // namespace

extern const Language kLanguage_ruby;
const Language kLanguage_ruby = Ruby("Ruby", kExtensions);

}  // namespace gate::flags
