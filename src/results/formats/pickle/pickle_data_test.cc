#include "results/formats/pickle/pickle_data.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "base/error.h"

namespace posse {
namespace {

// {"data": {"start": 1700000000.5, "Scorer": "DLC_x", "DLC-model-config file":
// OrderedDict(stride=8.0, mean_pixel=[123.68]), "training set fraction": F, "frame_dimensions":
// (480, 640), "nframes": -3, "cropping": True, "cropping_parameters": [16, 272, 300, 70000]}},
// where F is 0.95 as a ruamel.yaml.scalarfloat.ScalarFloat (a float with an attribute): what
// Python 3.11's pickle.dumps() makes of it in the protocols 0, 2 and 4.
constexpr const char* kProtocol0 =
    "286470300a56646174610a70310a286470320a5673746172740a70330a46313730303030303030302e35"
    "0a735653636f7265720a70340a56444c435f780a70350a7356444c432d6d6f64656c2d636f6e66696720"
    "66696c650a70360a63636f6c6c656374696f6e730a4f726465726564446963740a70370a28745270380a"
    "567374726964650a70390a46382e300a73566d65616e5f706978656c0a7031300a286c7031310a463132"
    "332e36380a61737356747261696e696e6720736574206672616374696f6e0a7031320a63636f70795f72"
    "65670a5f7265636f6e7374727563746f720a7031330a28637275616d656c2e79616d6c2e7363616c6172"
    "666c6f61740a5363616c6172466c6f61740a7031340a635f5f6275696c74696e5f5f0a666c6f61740a70"
    "31350a46302e39350a747031360a527031370a28647031380a565f77696474680a7031390a49340a7362"
    "73566672616d655f64696d656e73696f6e730a7032300a28493438300a493634300a747032310a73566e"
    "6672616d65730a7032320a492d330a735663726f7070696e670a7032330a4930310a735663726f707069"
    "6e675f706172616d65746572730a7032340a286c7032350a4931360a61493237320a61493330300a6149"
    "37303030300a6173732e";
constexpr const char* kProtocol2 =
    "80027d710058040000006461746171017d7102285805000000737461727471034741d954fc4020000058"
    "0600000053636f72657271045805000000444c435f7871055815000000444c432d6d6f64656c2d636f6e"
    "6669672066696c65710663636f6c6c656374696f6e730a4f726465726564446963740a71072952710828"
    "58060000007374726964657109474020000000000000580a0000006d65616e5f706978656c710a5d710b"
    "47405eeb851eb851ec61755815000000747261696e696e6720736574206672616374696f6e710c637275"
    "616d656c2e79616d6c2e7363616c6172666c6f61740a5363616c6172466c6f61740a710d473fee666666"
    "66666685710e81710f7d711058060000005f776964746871114b04736258100000006672616d655f6469"
    "6d656e73696f6e7371124de0014d800286711358070000006e6672616d657371144afdffffff58080000"
    "0063726f7070696e67711588581300000063726f7070696e675f706172616d657465727371165d711728"
    "4b104d10014d2c014a701101006575732e";
constexpr const char* kProtocol4 =
    "80049552010000000000007d948c0464617461947d94288c057374617274944741d954fc402000008c06"
    "53636f726572948c05444c435f78948c15444c432d6d6f64656c2d636f6e6669672066696c65948c0b63"
    "6f6c6c656374696f6e73948c0b4f72646572656444696374949394295294288c06737472696465944740"
    "200000000000008c0a6d65616e5f706978656c945d9447405eeb851eb851ec61758c15747261696e696e"
    "6720736574206672616374696f6e948c177275616d656c2e79616d6c2e7363616c6172666c6f6174948c"
    "0b5363616c6172466c6f6174949394473fee666666666666859481947d948c065f7769647468944b0473"
    "628c106672616d655f64696d656e73696f6e73944de0014d800286948c076e6672616d6573944afdffff"
    "ff8c0863726f7070696e6794888c1363726f7070696e675f706172616d6574657273945d94284b104d10"
    "014d2c014a701101006575732e";

std::string bytes_of(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

TEST(PickleData, OfEveryProtocolIsTheSame) {
  for (const char* hex : {kProtocol0, kProtocol2, kProtocol4}) {
    const PickleValue root = read_pickle(bytes_of(hex));
    const PickleValue* data = root.find("data");
    ASSERT_NE(data, nullptr);
    EXPECT_EQ(data->find("start")->real, 1700000000.5);
    EXPECT_EQ(data->find("Scorer")->text, "DLC_x");
    EXPECT_EQ(data->find("nframes")->integer, -3);
    EXPECT_EQ(data->find("cropping")->kind, PickleValue::Kind::boolean);
    EXPECT_EQ(data->find("cropping")->integer, 1);
    const auto& box = data->find("cropping_parameters")->items;
    ASSERT_EQ(box.size(), 4U);
    EXPECT_EQ(box[1].integer, 272);
    EXPECT_EQ(box[3].integer, 70000);
    EXPECT_EQ(data->find("frame_dimensions")->items.at(0).integer, 480);
  }
}

TEST(PickleData, ThatIsDamagedIsAnErrorWhereverItIsCut) {
  for (const char* hex : {kProtocol0, kProtocol2, kProtocol4}) {
    const std::string whole = bytes_of(hex);
    for (size_t length = 0; length < whole.size(); ++length) {
      EXPECT_THROW(read_pickle(whole.substr(0, length)), Error) << length;
    }
    for (size_t at = 0; at < whole.size(); ++at) {  // any byte wrong: an error or other values
      std::string wrong = whole;
      wrong[at] = static_cast<char>(wrong[at] ^ 0x15);
      try {
        read_pickle(wrong);
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::bad_file);
      }
    }
  }
}

TEST(PickleData, IsNeverNestedWithoutEnd) {
  std::string deep = "\x80\x02)";
  deep += std::string(100000, '\x85');  // a tuple of a tuple of ...
  EXPECT_THROW(read_pickle(deep + "."), Error);
  EXPECT_THROW(read_pickle(std::string(100000, '(')), Error);
}

}  // namespace
}  // namespace posse
