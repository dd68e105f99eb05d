function keypoints = posse_example(members, picture)
% POSSE_EXAMPLE  Keypoints of one picture by an ensemble of pose networks.
%
%   keypoints = posse_example('members', imread('frame.png'))
%
%   picture    [height, width, 3] uint8, red first
%   keypoints  [3, bodyparts]: x, y (pixels, counted from 0) and likelihood
%
% libposse.so.1 and posse.h must be on MATLAB's path; loadlibrary needs a C compiler once.
% MATLAB keeps a picture's columns together: the steps of the image say so, and nothing is copied.

if ~libisloaded('posse')
    loadlibrary('libposse.so.1', 'posse.h', 'alias', 'posse');
end
handle = libpointer('posse_ensemblePtr');
check(calllib('posse', 'posse_open', members, '', handle));
closing = onCleanup(@() calllib('posse', 'posse_close', handle));

[height, width, ~] = size(picture);
pixels = libpointer('uint8Ptr', picture);
image = struct('struct_size', 64, 'pixels', pixels, 'width', width, 'height', height, ...
               'channels', 3, 'row_step', 1, 'column_step', height, ...
               'channel_step', height * width, 'time_seconds', NaN);
frame = libstruct('posse_frame');
frame.struct_size = 88;
check(calllib('posse', 'posse_predict', handle, libstruct('posse_image', image), frame));
setdatatype(frame.keypoints, 'doublePtr', 3, double(frame.num_bodyparts));
keypoints = frame.keypoints.Value;
end

function check(status)
if status ~= 0 && ~strcmp(status, 'POSSE_OK')
    error('posse:failed', '%s', calllib('posse', 'posse_last_error'));
end
end
