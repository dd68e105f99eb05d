// Asks an ensemble for one picture from C#. libposse must be where the system looks for libraries.
using System;
using System.Runtime.InteropServices;

static class Posse
{
    const string Library = "libposse.so.1";

    // Fields and order of posse_image and posse_frame in posse/posse.h.
    [StructLayout(LayoutKind.Sequential)]
    public struct Image
    {
        public UIntPtr StructSize;
        public IntPtr Pixels;
        public int Width;
        public int Height;
        public int Channels;
        public IntPtr RowStep;
        public IntPtr ColumnStep;
        public IntPtr ChannelStep;
        public double TimeSeconds;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct Frame
    {
        public UIntPtr StructSize;
        public long FrameIndex;
        public double TimeSeconds;
        public UIntPtr NumBodyparts;
        public UIntPtr NumMembers;
        public IntPtr Keypoints;
        public IntPtr Covariances;
        public IntPtr Spreads;
        public IntPtr Members;
        public IntPtr Radius90;
        public IntPtr ChanceSeen;
    }

    [DllImport(Library)]
    static extern int posse_open([MarshalAs(UnmanagedType.LPUTF8Str)] string members,
                                 [MarshalAs(UnmanagedType.LPUTF8Str)] string options, out IntPtr ensemble);
    [DllImport(Library)]
    static extern void posse_close(IntPtr ensemble);
    [DllImport(Library)]
    static extern int posse_predict(IntPtr ensemble, ref Image image, ref Frame frame);
    [DllImport(Library)]
    static extern IntPtr posse_last_error();

    static void Check(int status)
    {
        if (status != 0) throw new InvalidOperationException(Marshal.PtrToStringUTF8(posse_last_error()));
    }

    /// Keypoints x, y, likelihood of each bodypart. The picture is packed RGB.
    static double[] Predict(IntPtr ensemble, byte[] picture, int width, int height)
    {
        GCHandle pinned = GCHandle.Alloc(picture, GCHandleType.Pinned);
        try
        {
            var image = new Image
            {
                StructSize = (UIntPtr)Marshal.SizeOf<Image>(), Pixels = pinned.AddrOfPinnedObject(),
                Width = width, Height = height, Channels = 3, TimeSeconds = double.NaN
            };
            var frame = new Frame { StructSize = (UIntPtr)Marshal.SizeOf<Frame>() };
            Check(posse_predict(ensemble, ref image, ref frame));
            var keypoints = new double[3 * (int)frame.NumBodyparts];
            Marshal.Copy(frame.Keypoints, keypoints, 0, keypoints.Length);
            return keypoints;
        }
        finally
        {
            pinned.Free();
        }
    }

    static void Main(string[] arguments)
    {
        Check(posse_open(arguments[0], "", out IntPtr ensemble));
        double[] keypoints = Predict(ensemble, new byte[320 * 240 * 3], 320, 240);
        Console.WriteLine(string.Join(", ", keypoints));
        posse_close(ensemble);
    }
}
