// What came back, as a text to parse or as the reason why there is none.
#ifndef GATE_EVIDENCE_FLAGS_ANSWER_H_
#define GATE_EVIDENCE_FLAGS_ANSWER_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gate/evidence/http_client.h"
#include "gate/v1/evidence.pb.h"

namespace gate {

// Always false.
bool Fail(v1::AbsenceReason reason, std::string_view detail, v1::Absence& absence);

// A parser's status: FAILED_PRECONDITION is a question that makes no sense there, all else an
// answer that cannot be read. False where it is not OK.
bool Check(const absl::Status& status, v1::Absence& absence);

// Whether it is a whole answer, 200 and no page. `token`: what would have to be another one where
// we are refused, "the token in /etc/gate/unleash.token".
bool IsAnswer(const HttpResponse& response, std::string_view token, v1::Absence& absence);

// The file's text.
bool ReadFlagFile(const std::string& path, std::string& text, v1::Absence& absence);

// Base URL without its last slashes, and a path below it.
std::string Below(std::string url, std::string_view path);

// A part of a path or a query: what is not a letter, a digit or one of -._~ is escaped.
std::string UrlPart(std::string_view text);

}  // namespace gate

#endif  // GATE_EVIDENCE_FLAGS_ANSWER_H_
