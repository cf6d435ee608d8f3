// The sheet for the deployment meeting: every ticket of a release, worst first.
//
// Of each ticket: what was tested on which platform, its flag and whether that is off where the
// release goes, how much of its code the flag guards, its schema migrations, and what taking it
// back would come to. It is made from a verdict alone, so that what the meeting reads is on record.
#ifndef CHECKS_RENDER_REVIEW_H_
#define CHECKS_RENDER_REVIEW_H_

#include <string>

#include "checks/render/render.h"
#include "gate/v1/verdict.pb.h"

namespace gate::render {

// For a terminal.
std::string ReviewTable(const v1::Verdict& verdict, const Options& options);

// For a pull request or minutes.
std::string ReviewMarkdown(const v1::Verdict& verdict);

}  // namespace gate::render

#endif  // CHECKS_RENDER_REVIEW_H_
