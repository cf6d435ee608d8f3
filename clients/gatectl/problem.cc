#include "clients/gatectl/problem.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "checks/render/escape.h"
#include "checks/render/paint.h"

namespace gate::ctl {
namespace {

using client::Code;

constexpr std::array<ProblemDoc, 25> kProblems = {{
    {"E0101", kInternal, "the gate's answer makes no sense",
     "The answer is not one that this gatectl understands, for example a decision that it does "
     "not\n"
     "know. It is never read as ALLOW. gatectl may be older than the gate: `gatectl version`."},
    {"E0102", kInternal, "the result could not be written",
     "The result is known, but a file or standard output did not take it: disk full, closed pipe "
     "or\n"
     "missing rights. Without its result the call counts as failed."},
    {"E0103", kInternal, "the gate failed",
     "The gate answered with an internal error. Its log has the reason, by request id."},
    {"E0104", kInternal, "the verdict does not come out the same",
     "A replay of the stored evidence under the stored policy gave another verdict. Verdicts are\n"
     "deterministic: the record was changed, or the gate's version was. The differences are "
     "listed."},
    {"E0201", kUsage, "the command line is wrong", "See `gatectl COMMAND --help`."},
    {"E0202", kUsage, "a file cannot be read",
     "It is missing, is a folder, or you may not read it."},
    {"E0203", kUsage, "a file is wrong",
     "Every error of the file is listed with line and column. Nothing of the file was used."},
    {"E0204", kUsage, "no git checkout",
     "`gatectl check` tells the gate what has changed, and reads that from git. Run it in the\n"
     "checkout of the service with git installed, or say what changes with --change FILE."},
    {"E0205", kUsage, "the deployed revision is not known",
     "What has changed is what lies between the revision that runs in the environment and the one\n"
     "that is to go out. The gate never guesses the first. In this order: --base REV, GATE_BASE, "
     "and\n"
     ".gate.yaml (deployed_revision_command, deployed_tag or deployed_merge_base of the "
     "environment).\n"
     "A service that has never been deployed there: --first-deployment."},
    {"E0206", kUsage, "a revision is not in this checkout",
     "CI systems fetch the newest commit only, unless told otherwise. GitHub: actions/checkout "
     "with\n"
     "fetch-depth: 0. GitLab: GIT_DEPTH: 0. By hand: git fetch --unshallow --tags."},
    {"E0207", kUsage, "git failed", "git's own message says why."},
    {"E0208", kUsage, "the gate refuses the request",
     "A field of the request is wrong; the gate says which. Trying again does not help."},
    {"E0209", kUsage, "the gate does not know this call",
     "The gate is older than this gatectl, or the address belongs to another server."},
    {"E0210", kUsage, "the configuration is wrong",
     "`gatectl doctor` shows each setting and where it comes from."},
    {"E0211", kUsage, "migrations cannot be rehearsed here",
     "`gatectl lint migrations --rehearse` needs the program gate-rehearse, beside gatectl or on "
     "the "
     "PATH,\nand PostgreSQL's server on this machine. Debian's are found; GATE_POSTGRES_PROGRAMS "
     "names the\nfolders of others, with ':' between them. Of several versions the one of "
     "--postgres-version is\ntaken. Without --rehearse nothing is run."},
    {"E0212", kUsage, "the tickets of a release cannot be told apart here",
     "`gatectl lint flags --ticket` needs the program gate-release, beside gatectl or on the PATH: "
     "it\nreads the repository as the gate does. Where it gives a reason, that says what is "
     "missing: "
     "a\nshallow checkout, for example, does not have the commits between base and head."},
    {"E0301", kUnreachable, "the gate cannot be reached",
     "No connection, or none that is trusted. `gatectl doctor` looks at each step: name, "
     "connection,\n"
     "TLS, health, policy. While the gate is down your deploy should stop; --on-unreachable=allow\n"
     "turns this one failure into exit 0, and says so."},
    {"E0302", kUnreachable, "the gate did not answer in time",
     "The call was sent, and no answer came before the deadline. --timeout makes it longer. "
     "Asking\n"
     "again is safe."},
    {"E0303", kUnreachable, "the gate has too much to do",
     "It takes no more questions at the moment. Trying again later helps."},
    {"E0304", kUnreachable, "the database cannot be asked",
     "gate-inspect reads the catalogue of the database that a migration is for. It needs a role "
     "that\n"
     "can connect; rights on tables are not needed. It gives up after a second where somebody "
     "holds a\n"
     "table closed (ACCESS EXCLUSIVE): try again when that is over."},
    {"E0401", kDenied, "the gate does not know who you are",
     "Show a client certificate (--cert-file and --key-file, or tls of the context), or a bearer "
     "token\n"
     "(GATE_TOKEN, --token-file, or token_file or token_command of the context), and not both. A "
     "token\n"
     "that has expired is replaced: `gatectl token create` makes one, and who runs the gate enters "
     "it\n"
     "in its tokens file."},
    {"E0402", kDenied, "you are not allowed to do this",
     "The gate knows who you are, and nothing in \"access\" of its policy gives you the role that "
     "this\n"
     "call takes there. The message names the role, the service and the environment; `gatectl "
     "whoami`\n"
     "shows who you are taken for and what you may do. Whoever owns the policy can add you:\n"
     "  access:\n"
     "    - {role: PIPELINE, members: [\"token:deploy\"], services: [\"web\"]}"},
    {"E0501", kNotFound, "there is no such thing", "Names are listed by `gatectl verdict list`."},
    {"E0502", kNotFound, "it was changed meanwhile",
     "Somebody else was faster, or the request id was used for another question. Read again, then\n"
     "decide again."},
    {"E1301", kInterrupted, "interrupted", "Nothing was decided by this program."},
}};

std::string Seconds(client::Duration duration) {
  return absl::StrFormat("%.1f s", std::chrono::duration<double>(duration).count());
}

std::string_view IdOf(Code code) {
  switch (code) {
    case Code::kUnavailable:
      return "E0301";
    case Code::kDeadlineExceeded:
      return "E0302";
    case Code::kResourceExhausted:
      return "E0303";
    case Code::kUnauthenticated:
      return "E0401";
    case Code::kPermissionDenied:
      return "E0402";
    case Code::kNotFound:
      return "E0501";
    case Code::kAborted:
    case Code::kAlreadyExists:
    case Code::kFailedPrecondition:
      return "E0502";
    case Code::kInvalidArgument:
    case Code::kOutOfRange:
      return "E0208";
    case Code::kUnimplemented:
      return "E0209";
    case Code::kCancelled:
      return "E1301";
    default:
      return "E0103";
  }
}

// gRPC's own words for TLS failures say which of the many it was, but not what to do.
std::string HelpForUnreachable(const client::Error& error) {
  const auto says = [&error](const char* words) {
    return error.message.find(words) != std::string::npos;
  };
  if (says("CERTIFICATE_VERIFY_FAILED") || says("certificate")) {
    return "set `tls.ca` of the context, or pass --ca-file";
  }
  if (says("WRONG_VERSION_NUMBER") || says("wrong version number")) {
    return "the server speaks plain text there: is the port right?";
  }
  if (says("DNS resolution") || says("resolver")) return "is the name right?";
  return "is the address right, and the gate running?";
}

std::vector<std::string> HelpFor(const client::Error& error) {
  switch (error.code) {
    case Code::kUnavailable:
      return {HelpForUnreachable(error), "`gatectl doctor` looks at each step"};
    case Code::kDeadlineExceeded:
      return {"--timeout allows more time", "`gatectl doctor` looks at each step"};
    case Code::kResourceExhausted:
      return {"try again later"};
    case Code::kUnauthenticated:
      if (error.reason == "TOKEN_EXPIRED") {
        return {"`gatectl token create` makes another; who runs the gate enters it"};
      }
      if (error.reason == "TWO_IDENTITIES") {
        return {
            "leave out the token or the certificate; `gatectl doctor` shows where they are set"};
      }
      return {"set GATE_TOKEN or pass --token-file, or --cert-file and --key-file"};
    case Code::kPermissionDenied:
      return {"`gatectl whoami` shows who you are taken for, and what you may do"};
    case Code::kUnimplemented:
      return {"`gatectl version` and `gatectl doctor` compare versions"};
    default:
      return {};
  }
}

// Lines behind the first stand under its text.
void Append(std::string& out, std::string_view label, std::string_view text, bool color) {
  if (text.empty()) return;
  std::string body = render::EscapeTerminal(text);
  for (size_t at = 0; (at = body.find('\n', at)) != std::string::npos; at += 12) {
    body.replace(at, 1, "\n           ");
  }
  const std::string padded = render::PadRight(absl::StrCat(std::string(label), ":"), 8);
  absl::StrAppend(&out, "  ", render::Paint(padded, render::Style::kBold, color), " ", body, "\n");
}

}  // namespace

std::span<const ProblemDoc> AllProblems() { return kProblems; }

const ProblemDoc* FindProblem(std::string_view id) {
  for (const ProblemDoc& doc : kProblems) {
    if (doc.id == id) return &doc;
  }
  return nullptr;
}

ExitCode Problem::exit_code() const {
  const ProblemDoc* doc = FindProblem(id);
  return doc != nullptr ? doc->exit_code : kInternal;
}

std::string Problem::ToString(bool color) const {
  std::string out = absl::StrCat(
      render::Paint(absl::StrCat("error[", std::string(id), "]"), render::Style::kRed, color), ": ",
      render::EscapeTerminal(title), "\n");
  for (const std::string& cause : causes) Append(out, "cause", cause, color);
  Append(out, "tried", tried, color);
  Append(out, "request", request, color);
  for (const std::string& line : help) Append(out, "help", line, color);
  Append(out, "docs", absl::StrCat("gatectl explain ", std::string(id)), color);
  return out;
}

std::string ExitLine(int code) {
  switch (code) {
    case kAllow:
      return "";
    case kBlock:
    case kHold:
    case kInconclusive:
      return absl::StrCat("exit ", code, " (", std::string(Meaning(code)), ")\n");
    case kInterrupted:
      return "exit 130 (interrupted; the gate did not decide)\n";
    default:
      return absl::StrCat("exit ", code, " (the gate did not decide; your deploy should stop)\n");
  }
}

Problem FromError(const client::Error& error, std::string_view doing) {
  Problem problem;
  problem.id = IdOf(error.code);
  problem.title = problem.id == "E0301"
                      ? absl::StrCat("cannot reach the gate at ", error.address)
                      : absl::StrCat("cannot ", std::string(doing), " at ", error.address);
  if (error.violations.empty() || error.code == Code::kFailedPrecondition) {
    problem.causes.push_back(
        absl::StrCat(std::string(client::Name(error.code)), ": ", error.message));
  }
  for (const auto& violation : error.violations) {
    problem.causes.push_back(absl::StrCat(violation.field, ": ", violation.description));
  }
  if (error.attempts > 0) {
    problem.tried = absl::StrCat(
        error.attempts == 1 ? std::string("once") : absl::StrCat(error.attempts, " times"), " in ",
        Seconds(error.elapsed), " (deadline ", Seconds(error.timeout), ")");
  }
  problem.request = error.request_id;
  problem.help = HelpFor(error);
  return problem;
}

}  // namespace gate::ctl
