#include "checks/render/message.h"
#include "checks/render/render.h"

namespace gate::render {
namespace {

std::string Verdict(const v1::Verdict& verdict, const Options&) { return ToYaml(verdict); }

std::string Report(const v1::LintReport& report, const Options&) { return ToYaml(report); }

}  // namespace

const Format kYamlFormat = {"yaml", "the same as YAML", Verdict, Report};

}  // namespace gate::render
