// A piece of a file with a place marked in it:
//
//     --> db/migrate/0042_drop.sql:3:20
//      |
//    3 | ALTER TABLE orders DROP COLUMN user_id;
//      |                    ^^^^^^^^^^^^^^^^^^^
#ifndef CHECKS_RENDER_CODE_FRAME_H_
#define CHECKS_RENDER_CODE_FRAME_H_

#include <string>

#include "checks/render/paint.h"
#include "checks/render/render.h"
#include "gate/v1/verdict.pb.h"

namespace gate::render {

// The frame, or the arrow line alone where the text is not known or has no such line; "" without a
// path. Long lines are cut around the marked part, long ranges in their middle. Carets stand right
// under tabs, wide characters and combining marks. Ends with a line feed.
std::string CodeFrame(const v1::Location& location, Style style, const Options& options);

}  // namespace gate::render

#endif  // CHECKS_RENDER_CODE_FRAME_H_
