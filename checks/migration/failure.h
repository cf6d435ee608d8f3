// What it proves of production that a statement has failed on a scratch server.
#ifndef CHECKS_MIGRATION_FAILURE_H_
#define CHECKS_MIGRATION_FAILURE_H_

#include <string>
#include <string_view>

#include "gate/v1/rehearsal.pb.h"

namespace gate::migration {

// Codes that tell of an object that is not there; with the schema unknown it may be in production.
bool IsMissing(std::string_view sqlstate);

// Whether the statement fails whatever rows there are, and wherever it is run: it is wrong by
// itself, or by the schema. Errors of data (class 22, 23, P0) come from tables that are empty here.
bool FailsEverywhere(const v1::RehearsalFailure& failure);

// "column "x" does not exist (42703)"
std::string Describe(const v1::RehearsalFailure& failure);

// Whether all of the schema before and of the migrations was run. `given`: whether the text of the
// schema came with the change; without it a table that is not there proves nothing.
bool SchemaIsWhole(const v1::Rehearsal& rehearsal, bool given);

}  // namespace gate::migration

#endif  // CHECKS_MIGRATION_FAILURE_H_
