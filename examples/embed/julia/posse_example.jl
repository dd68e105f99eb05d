# Asks an ensemble for one picture from Julia.
#
#   julia posse_example.jl MEMBERS          libposse must be where the system looks for libraries
#
# Arrays of Julia have their columns together: the steps of the image say so, and nothing is copied.

const LIBPOSSE = "libposse.so.1"

# Fields and order of posse_image and posse_frame in posse/posse.h.
struct PosseImage
    struct_size::Csize_t
    pixels::Ptr{UInt8}
    width::Int32
    height::Int32
    channels::Int32
    row_step::Cptrdiff_t
    column_step::Cptrdiff_t
    channel_step::Cptrdiff_t
    time_seconds::Cdouble
end

struct PosseFrame
    struct_size::Csize_t
    frame_index::Int64
    time_seconds::Cdouble
    num_bodyparts::Csize_t
    num_members::Csize_t
    keypoints::Ptr{Cdouble}
    covariances::Ptr{Cdouble}
    spreads::Ptr{Cdouble}
    members::Ptr{Cdouble}
    radius90::Ptr{Cdouble}
    chance_seen::Ptr{Cdouble}
end

function check(status::Cint)
    status == 0 || error(unsafe_string(ccall((:posse_last_error, LIBPOSSE), Cstring, ())))
end

function open_ensemble(members::String, options::String = "")
    handle = Ref{Ptr{Cvoid}}(C_NULL)
    check(ccall((:posse_open, LIBPOSSE), Cint, (Cstring, Cstring, Ref{Ptr{Cvoid}}), members, options, handle))
    return handle[]
end

close_ensemble(handle) = ccall((:posse_close, LIBPOSSE), Cvoid, (Ptr{Cvoid},), handle)

"Keypoints [3, bodyparts]: x, y, likelihood. `picture` is [height, width, 3], red first."
function predict(handle, picture::Array{UInt8,3})
    height, width, _ = size(picture)
    frame = Ref(PosseFrame(sizeof(PosseFrame), 0, NaN, 0, 0, C_NULL, C_NULL, C_NULL, C_NULL, C_NULL, C_NULL))
    GC.@preserve picture begin
        image = Ref(PosseImage(sizeof(PosseImage), pointer(picture), width, height, 3,
                               1, height, height * width, NaN))
        check(ccall((:posse_predict, LIBPOSSE), Cint, (Ptr{Cvoid}, Ref{PosseImage}, Ref{PosseFrame}),
                    handle, image, frame))
    end
    # The library keeps the numbers until its next call: a copy is ours.
    return copy(unsafe_wrap(Array, frame[].keypoints, (3, Int(frame[].num_bodyparts))))
end

handle = open_ensemble(ARGS[1])
println(predict(handle, rand(UInt8, 240, 320, 3)))
close_ensemble(handle)
