#include "checks/render/message.h"
#include "checks/render/render.h"

namespace gate::render {
namespace {

std::string Verdict(const v1::Verdict& verdict, const Options&) { return ToJsonLine(verdict); }

std::string Report(const v1::LintReport& report, const Options&) { return ToJsonLine(report); }

}  // namespace

const Format kJsonlFormat = {"jsonl", "protobuf JSON, one message per line", Verdict, Report};

}  // namespace gate::render
