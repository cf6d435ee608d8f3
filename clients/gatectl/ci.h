// What the CI system says of the run: from its environment variables.
#ifndef CLIENTS_GATECTL_CI_H_
#define CLIENTS_GATECTL_CI_H_

#include <string>
#include <string_view>

#include "clients/gatectl/terminal.h"

namespace gate::ctl {

struct CiRun {
  std::string_view system;  // "GitHub Actions"; empty: none was found
  std::string version;      // the tag that is built, where there is one
  std::string author;       // who started it
  std::string repository;   // "github.com/example/payments"
};

CiRun DetectCi(const Variables& variables);

// A repository's address as people name it: no scheme, user, port or ".git".
std::string RepositoryName(std::string_view url);

}  // namespace gate::ctl

#endif  // CLIENTS_GATECTL_CI_H_
