// What a database says about itself: gate-inspect's answer, from the database or from a file.
#ifndef CLIENTS_GATECTL_DATABASE_H_
#define CLIENTS_GATECTL_DATABASE_H_

#include <string>

#include "clients/gatectl/problem.h"
#include "gate/v1/change.pb.h"

namespace gate::ctl {

struct ReadDatabase {
  v1::Database database;
  std::vector<std::string> notes;  // what it did not tell
};

// `where` is a connection string (postgresql://...), "$NAME" of an environment variable that holds
// one, or a file that gate-inspect has written.
Or<ReadDatabase> InspectDatabase(const std::string& where);

}  // namespace gate::ctl

#endif  // CLIENTS_GATECTL_DATABASE_H_
