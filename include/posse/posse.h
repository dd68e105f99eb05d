/* posse.h: the C interface of posse. Opens an ensemble of pose networks, and gives keypoints with
 * their uncertainty for single frames, videos and arrays.
 *
 *   posse_ensemble* ensemble = NULL;
 *   if (posse_open("members", "threads=2", &ensemble) != POSSE_OK) puts(posse_last_error());
 *   posse_image image = {.struct_size = sizeof image};
 *   image.width = 640, image.height = 480, image.pixels = rgb;
 *   posse_frame frame = {.struct_size = sizeof frame};
 *   if (posse_predict(ensemble, &image, &frame) == POSSE_OK)
 *     printf("%s is at %g, %g\n", posse_bodypart(ensemble, 0), frame.keypoints[0],
 *            frame.keypoints[1]);
 *   posse_close(ensemble);
 *
 * Texts are UTF-8. Text that holds several entries has one in each line: options are "name=value",
 * by the names that `posse VERB --help` lists, without dashes ("threads=2\nconsensus=median"); a
 * switch is "name=on" or "name=off". NULL stands for an empty text.
 *
 * Positions are in pixels of the whole frame: x to the right, y down, pixel centres at whole
 * numbers. What is not known is NaN; a missing keypoint is NaN, NaN, 0.
 *
 * Structs begin with their size, which the caller sets (struct_size = sizeof(posse_frame)). The
 * library writes and reads no field beyond it, so fields can be added at the end. Pointers in
 * results belong to the library; each function says how long they hold.
 *
 * A handle may be used by one thread at a time, several handles by several threads. No function
 * throws, prints or ends the program. Functions that can fail return POSSE_OK or what went wrong;
 * posse_last_error() then says it in words. A function that fails leaves its results as they were.
 */
#ifndef POSSE_POSSE_H
#define POSSE_POSSE_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__) && !defined(POSSE_NO_VISIBILITY)
#define POSSE_API __attribute__((visibility("default")))
#else
#define POSSE_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* What went wrong. */
typedef enum posse_status {
  POSSE_OK = 0,
  POSSE_USAGE = 1,          /* an option or argument is wrong */
  POSSE_INVALID_VALUE = 2,  /* a value is out of range */
  POSSE_NOT_FOUND = 3,      /* a file, folder or name does not exist */
  POSSE_BAD_FILE = 4,       /* a file is damaged, or is not what it claims to be */
  POSSE_SHAPE_MISMATCH = 5, /* arrays or members do not fit together */
  POSSE_UNSUPPORTED = 6,    /* well-formed, but nothing posse can work with */
  POSSE_UNAVAILABLE = 7,    /* not built in, or not possible on this machine */
  POSSE_IO = 8,             /* the operating system refused */
  POSSE_INTERRUPTED = 9,    /* a callback asked to stop */
  POSSE_NO_MEMORY = 10,
  POSSE_INTERNAL = 11 /* a mistake of posse's own */
} posse_status;

/* The interface's number, 1: it grows when a program built for an earlier one no longer works. */
POSSE_API int posse_abi_version(void);
/* The version of posse, as "0.1.0". */
POSSE_API const char* posse_version(void);
/* The last failure on this thread in words, with what to do about it in lines of their own; empty
 * if nothing has failed. Holds until the thread's next failure. */
POSSE_API const char* posse_last_error(void);
/* Frees a text that a function returned through a char**. NULL is fine. */
POSSE_API void posse_free(void* text);

/* ---- An ensemble, opened once ---- */

typedef struct posse_ensemble posse_ensemble;

/* Opens an ensemble.
 *
 * members: project folders, train folders, snapshots or model folders, or a folder of such, one
 *   path in each line.
 * options: those of the ensemble (`posse run --help`, under "Networks"), and for posse_predict():
 *   consensus=mean|median|track  track: a causal track, which looks back in time but not ahead;
 *     each call is then the next frame of one video (default mean)
 *   look-alike=GROUPS  with track: bodyparts that look alike, as "paw1,paw2;ear1,ear2" (default
 *     none)
 *   fps=N  with track: frames a second, for images with times (default 0: each image is one frame
 *     on)
 *   calibration=FILE, radius=PX, force-calibration=on  as `posse run`; for mean and median */
POSSE_API posse_status posse_open(const char* members, const char* options,
                                  posse_ensemble** ensemble);
/* Closes it; NULL is fine. */
POSSE_API void posse_close(posse_ensemble* ensemble);

POSSE_API size_t posse_num_members(const posse_ensemble* ensemble);
POSSE_API size_t posse_num_bodyparts(const posse_ensemble* ensemble);
/* Name of a member or bodypart, until the ensemble is closed; NULL for a number that is too large.
 */
POSSE_API const char* posse_member(const posse_ensemble* ensemble, size_t number);
POSSE_API const char* posse_bodypart(const posse_ensemble* ensemble, size_t number);
/* What was odd about the members, a sentence in each line; until the ensemble is closed. */
POSSE_API const char* posse_warnings(const posse_ensemble* ensemble);

/* ---- One frame in, keypoints out ---- */

/* A picture of 8 bits a channel in the caller's memory. */
typedef struct posse_image {
  size_t struct_size;
  /* The first channel (red, or grey) of the upper left pixel. */
  const uint8_t* pixels;
  int32_t width;
  int32_t height;
  /* 3: colour, 1: grey; 0 is 3. */
  int32_t channels;
  /* Bytes from a row, a column and a channel to the next; may be negative. All 0: packed rows of
   * pixels. Packed BGR: pixels = data + 2, row_step = 3 * width, column_step = 3, channel_step =
   * -1. Arrays of MATLAB and Julia, whose columns lie together: row_step = 1, column_step = height,
   * channel_step = width * height. */
  ptrdiff_t row_step;
  ptrdiff_t column_step;
  ptrdiff_t channel_step;
  /* Time of the frame, which comes back with it; fps=N needs it. */
  double time_seconds;
} posse_image;

/* What the ensemble says of a frame. */
typedef struct posse_frame {
  size_t struct_size;
  /* Of posse_predict(): calls since the ensemble was opened or reset, from 0. */
  int64_t frame_index;
  /* Time of the picture; NaN if there is none. */
  double time_seconds;
  size_t num_bodyparts;
  size_t num_members;
  /* [bodyparts, 3] the consensus: x, y, likelihood in [0, 1]. */
  const double* keypoints;
  /* [bodyparts, 3] xx, xy, yy of the position in px^2: calibrated with a calibration, else the
   * track's, else that of the consensus map, which says how wide the map is and not how far the
   * members disagree. */
  const double* covariances;
  /* [bodyparts, 2] standard deviation over members of x and y in px. */
  const double* spreads;
  /* [members, bodyparts, 3] each member's own x, y, likelihood. */
  const double* members;
  /* [bodyparts] radius in px of the circle as large as the 90 % region; NaN without a
   * calibration. */
  const double* radius90;
  /* [bodyparts] chance that it can be seen, in [0, 1]; NaN without a track. */
  const double* chance_seen;
} posse_frame;

/* Runs the ensemble over one picture. The first call, and the first after a change of the picture's
 * size, compiles the networks and takes longer. Pointers in `frame` hold until the next call with
 * this ensemble. */
POSSE_API posse_status posse_predict(posse_ensemble* ensemble, const posse_image* image,
                                     posse_frame* frame);
/* Begins a new video for consensus=track and for the count of frames. */
POSSE_API posse_status posse_reset(posse_ensemble* ensemble);

/* ---- A video ---- */

/* Told each finished frame, in order, on the thread that called posse_run(). Pointers hold until it
 * returns. Anything but 0 stops the run, which keeps what is finished. */
typedef int (*posse_frame_callback)(const posse_frame* frame, void* user);

typedef struct posse_run_result {
  size_t struct_size;
  int32_t skipped;    /* 1: the same results were there already */
  int64_t num_frames; /* in the results */
  const char* folder; /* of the results */
  const char* files;  /* one in each line */
  const char* warnings;
} posse_run_result;

/* Runs the ensemble over a video and writes the results that `posse run` writes, into a folder
 * below `out`. A call that was stopped or killed goes on where it was.
 *
 * options: those of a run (`posse run --help`), as "labeled-video=on". The options of
 * posse_predict() do not matter here. callback, result: may be NULL. Texts in `result` hold until
 * the next call with this ensemble. */
POSSE_API posse_status posse_run(posse_ensemble* ensemble, const char* video, const char* out,
                                 const char* options, posse_frame_callback callback, void* user,
                                 posse_run_result* result);

/* ---- Arrays of several networks ---- */

/* Keypoints of one network over a video, in the caller's memory. Members have equal bodyparts;
 * their frames are matched by number. */
typedef struct posse_poses {
  size_t struct_size;
  size_t num_frames;
  size_t num_bodyparts;
  const double* keypoints;    /* [frames, bodyparts, 3] x, y, likelihood */
  const int64_t* frame_index; /* [frames] rising; NULL: 0, 1, 2, ... */
  const char* bodyparts;      /* their names, one in each line; NULL: "1", "2", ... */
} posse_poses;

/* What several networks say together. */
typedef struct posse_result {
  size_t struct_size;
  size_t num_frames;
  size_t num_bodyparts;
  const double* keypoints;   /* [frames, bodyparts, 3] x, y, likelihood */
  const double* covariances; /* [frames, bodyparts, 3] xx, xy, yy in px^2 */
  const double* chance_seen; /* [frames, bodyparts] with method=track; else NULL */
  const double* smoothing;   /* [bodyparts] s in px^2 per frame, of smoothing; else NULL */
  const char* warnings;      /* a sentence in each line */
  void* memory;              /* posse_free_result() frees it */
} posse_result;

/* Frees what a result points to; the struct itself is the caller's. NULL and an empty one are
 * fine. */
POSSE_API void posse_free_result(posse_result* result);

/* The members' consensus, frame by frame or as a track: options of `posse consensus`, as
 * "method=track\nlook-alike=none". covariances: of the members' positions. */
POSSE_API posse_status posse_consensus(const posse_poses* members, size_t num_members,
                                       const char* options, posse_result* result);
/* The ensemble Kalman smoother of one camera (eks): options of `posse smooth single`, as
 * "s=10". covariances: the smoother's posterior, with xy = 0. */
POSSE_API posse_status posse_smooth(const posse_poses* members, size_t num_members,
                                    const char* options, posse_result* result);

/* ---- Errors against labels ---- */

/* Judges labelled pictures by the members that were not trained on them: `posse evaluate --json`.
 * members, labels: paths, members one in each line; options: those of the verb and of the
 * ensemble. json: freed by posse_free(). */
POSSE_API posse_status posse_evaluate(const char* members, const char* labels, const char* options,
                                      char** json);

#ifdef __cplusplus
}
#endif

#endif
