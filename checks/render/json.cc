#include "checks/render/message.h"
#include "checks/render/render.h"

namespace gate::render {
namespace {

std::string Verdict(const v1::Verdict& verdict, const Options&) { return ToJson(verdict); }

std::string Report(const v1::LintReport& report, const Options&) { return ToJson(report); }

}  // namespace

const Format kJsonFormat = {"json", "protobuf JSON of the answer", Verdict, Report};

}  // namespace gate::render
