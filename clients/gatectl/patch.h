// A change as a patch and the files after it: what `gatectl lint flags` judges where there is no
// repository.
#ifndef CLIENTS_GATECTL_PATCH_H_
#define CLIENTS_GATECTL_PATCH_H_

#include <string>

#include "clients/gatectl/flag_findings.h"
#include "clients/gatectl/folder.h"
#include "clients/gatectl/problem.h"

namespace gate::ctl {

// What a patch changes: texts before are the folder's with the patch turned round. What it changes
// without saying how goes to `unjudged`. A patch that is empty, is not understood from its first
// line to its last, or does not fit the folder, is a problem with file and line.
Or<std::vector<flags::FileChange>> ReadChanges(const std::string& patch_file, const Folder& after,
                                               std::vector<FlagFindings::Unjudged>& unjudged);

}  // namespace gate::ctl

#endif  // CLIENTS_GATECTL_PATCH_H_
