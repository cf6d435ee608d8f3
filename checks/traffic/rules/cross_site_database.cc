// An origin that calls a database primary in another site pays for the distance with each call, and
// a request makes many, one after the other. That is time in which a worker is busy.
#include <string>

#include "absl/strings/str_cat.h"
#include "checks/traffic/rule.h"

namespace gate::traffic {
namespace {

std::string WhatIsNotTold(const Origin& origin) {
  if (origin.site.empty() && origin.database_site.empty()) {
    return absl::StrCat("Where ", origin.name,
                        " stands, and where the database primary is that it calls, is not told.");
  }
  if (origin.site.empty()) {
    return absl::StrCat("Where ", origin.name,
                        " stands is not told; the database primary that it calls is in ",
                        origin.database_site, ".");
  }
  return absl::StrCat("Where the database primary is that ", origin.name,
                      " calls is not told; it stands in ", origin.site, " itself.");
}

Remark NotTold(const Origin& origin) {
  return {origin.name,
          absl::StrCat(WhatIsNotTold(origin),
                       " Were these two sites, each of its database calls would cross them."),
          absl::StrCat("Tell it: --origin ", origin.name, "=BEFORE:AFTER,site=SITE,database=SITE")};
}

Remark CrossesSites(const Origin& origin) {
  return {origin.name,
          absl::StrCat(origin.name, " stands in ", origin.site,
                       ", but the database primary that it calls in ", origin.database_site,
                       ": each call that ", Percent(origin.after),
                       " of the traffic makes to it crosses sites and back. A request waits for "
                       "its calls one after the other, and keeps its worker busy for as long."),
          absl::StrCat("Move the database primary to ", origin.site,
                       " first, or serve from an origin in ", origin.database_site,
                       ". If it has to be, measure a request from ", origin.site, " and give ",
                       origin.name, " the workers that it takes.")};
}

void Examine(const Shift& shift, Findings& findings) {
  for (const Origin* origin : shift.Serving()) {
    if (origin->site.empty() || origin->database_site.empty()) {
      findings.AddUnproven(NotTold(*origin));
    } else if (origin->site != origin->database_site) {
      // What crossed sites before, and does not grow, is no fault of this shift.
      const bool grows = !shift.before_known || origin->Growth() > kTolerance;
      grows ? findings.Add(CrossesSites(*origin)) : findings.AddWarning(CrossesSites(*origin));
    }
  }
}

}  // namespace

const Rule kCrossSiteDatabase = {
    .doc = {"traffic.cross_site_database",
            "An origin serves traffic whose database primary is in another site.",
            "Every database call crosses sites and back: milliseconds each, tens of them in a "
            "request. Requests are slower by their sum, workers are busy for as long, so the same "
            "pool serves less; and a cut between the sites takes the origin down.",
            "Move the primary to where the traffic goes, before or together with it. Where it has "
            "to be for a while, size the pool for the longer requests."},
    .severity = v1::SEVERITY_WARN,
    .compares = false,
    .examine = Examine,
};

}  // namespace gate::traffic
